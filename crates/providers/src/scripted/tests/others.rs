//! Laws of embeddings, moderations and the list of models.

use http::{HeaderValue, Method, StatusCode};
use serde_json::{Value, json};

use super::{ok, refused, request, whole};
use crate::scripted::{Behaviour, ResponseStore, answer};

#[test]
fn each_input_has_its_embedding() {
    let answer = ok("/v1/embeddings", &json!({ "model": "echo", "input": ["a b", "c"], "dimensions": 4 }));
    assert_eq!((answer["object"].as_str(), answer["model"].as_str()), (Some("list"), Some("echo")));
    assert_eq!(answer["data"][1]["index"], 1);
    assert_eq!(answer["data"][0]["embedding"].as_array().unwrap().len(), 4);
    assert_eq!(answer["usage"], json!({ "prompt_tokens": 3, "total_tokens": 3 }));
    assert_eq!(
        ok("/v1/embeddings", &json!({ "model": "echo", "input": [1, 2, 3] }))["usage"]["total_tokens"],
        3
    );
    assert_eq!(
        ok("/v1/embeddings", &json!({ "model": "echo", "input": [[1, 2], [3]] }))["usage"]["total_tokens"],
        3
    );
}

#[test]
fn base64_embeddings_have_four_bytes_a_dimension() {
    let body = json!({ "model": "echo", "input": "a", "dimensions": 3, "encoding_format": "base64" });
    assert_eq!(ok("/v1/embeddings", &body)["data"][0]["embedding"].as_str().unwrap().len(), 16);
}

#[test]
fn inputs_and_dimensions_are_bounded() {
    for body in [
        json!({ "model": "echo", "input": [] }),
        json!({ "model": "echo" }),
        json!({ "model": "echo", "input": "a", "dimensions": 0 }),
        json!({ "model": "echo", "input": "a", "dimensions": 100_000 }),
        json!({ "model": "echo", "input": vec!["a"; 2_049] }),
    ] {
        assert_eq!(refused("/v1/embeddings", &body).0, 400);
    }
}

#[test]
fn a_text_is_flagged_when_it_asks_for_it() {
    let answer = ok("/v1/moderations", &json!({ "input": ["fine", "please FLAG THIS"] }));
    let results = answer["results"].as_array().unwrap();
    assert_eq!((results[0]["flagged"].clone(), results[1]["flagged"].clone()), (json!(false), json!(true)));
    assert_eq!(results[1]["categories"]["harassment"], true);
    assert_eq!(results[1]["categories"].as_object().unwrap().len(), 13);
    assert!(
        results[1]["category_scores"]["harassment"].as_f64()
            > results[0]["category_scores"]["harassment"].as_f64()
    );
    let image = json!([{ "type": "image_url", "image_url": { "url": "https://example.com/a.png" } }]);
    let answer = ok("/v1/moderations", &json!({ "model": "echo", "input": image }));
    assert_eq!(answer["results"][0]["category_applied_input_types"]["violence"], json!(["text", "image"]));
}

#[test]
fn every_behaviour_is_a_model_in_both_shapes() {
    let get = |path: &str, anthropic: bool| {
        let mut asked = request(Method::GET, path, &Value::Null);
        if anthropic {
            asked.headers.insert("anthropic-version", HeaderValue::from_static("2023-06-01"));
        }
        whole(&answer(&asked, &mut ResponseStore::default()))
    };
    let count = Behaviour::all().count();
    let open_ai = get("/v1/models", false).1;
    assert_eq!(
        (open_ai["object"].as_str(), open_ai["data"].as_array().unwrap().len()),
        (Some("list"), count)
    );
    assert_eq!(get("/v1/models/hang", false).1["object"], "model");
    assert_eq!(get("/v1/models/nothing", false).0, StatusCode::NOT_FOUND);
    let anthropic = get("/v1/models", true).1;
    assert_eq!(
        (anthropic["data"][0]["type"].as_str(), anthropic["has_more"].as_bool()),
        (Some("model"), Some(false))
    );
    assert_eq!(anthropic["last_id"], anthropic["data"][count - 1]["id"]);
}
