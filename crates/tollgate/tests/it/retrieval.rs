//! Embeddings and reranking: clients of every format before providers of every format.

use http::StatusCode;
use serde_json::{Value, json};
use testkit::{Answer, Call, FakeProvider, Script, scripts};

use crate::configuration::{SECRET, provider};
use crate::gateway::TestGateway;

/// A provider `p` that serves endpoints alone.
fn serving(fake: &FakeProvider, endpoints: &[(&str, &str)]) -> Value {
    let mut entry = provider(fake.base_url());
    entry["endpoints"] = endpoints.iter().map(|(name, path)| ((*name).to_owned(), json!(path))).collect();
    entry
}

async fn gateway(fake: &FakeProvider, endpoint: &str, path: &str) -> TestGateway {
    TestGateway::start(json!({"providers": {"p": serving(fake, &[(endpoint, path)])}})).await
}

mod embeddings {
    use super::*;

    /// A format of providers, and its answer for two texts, or for one where it takes one at a time.
    struct Format {
        endpoint: &'static str,
        path: &'static str,
        answer: Value,
        /// How many tokens the head counts.
        counted: Option<&'static str>,
        is_alone: bool,
    }

    const INVOKE: &str = "/model/{model}/invoke";

    /// Every format, with vectors of [0.5, -0.25] and six tokens for two texts.
    fn formats() -> Vec<Format> {
        let vector = json!([0.5, -0.25]);
        let entry = |index: u8| json!({"object": "embedding", "index": index, "embedding": vector});
        let listed = |usage: Value| json!({"object": "list", "data": [entry(0), entry(1)], "model": "m", "usage": usage});
        let total = json!({"total_tokens": 6});
        let cohere =
            |meta: Value| json!({"id": "e", "embeddings": {"float": [vector, vector]}, "meta": meta});
        let titan = json!({"embedding": vector, "inputTextTokenCount": 3});
        let nova = json!({"embeddings": [{"embeddingType": "TEXT", "embedding": vector}]});
        let values = json!({"values": vector});
        let gemini = json!({"embeddings": [values, values], "usageMetadata": {"promptTokenCount": 6}});
        let alone = json!({"embedding": values, "usageMetadata": {"promptTokenCount": 3}});
        let counted = json!({"embeddings": {"values": vector, "statistics": {"token_count": 3}}});
        let format =
            |endpoint, path, answer| Format { endpoint, path, answer, counted: None, is_alone: false };
        let one = |endpoint, path, answer| Format { is_alone: true, ..format(endpoint, path, answer) };
        vec![
            format("embeddings", "/embeddings", listed(json!({"prompt_tokens": 6, "total_tokens": 6}))),
            format("mistral_embeddings", "/embeddings", listed(json!({"prompt_tokens": 6}))),
            format("voyage_embeddings", "/embeddings", listed(total.clone())),
            format("voyage_multimodal_embeddings", "/multimodalembeddings", listed(total.clone())),
            format("jina_embeddings", "/embeddings", listed(total)),
            format("cohere_embed", "/embed", cohere(json!({"billed_units": {"input_tokens": 6}}))),
            Format { counted: Some("6"), ..format("cohere_embed_on_bedrock", INVOKE, cohere(json!({}))) },
            one("titan_embeddings", INVOKE, titan.clone()),
            one("titan_multimodal_embeddings", INVOKE, titan),
            Format { counted: Some("3"), ..one("nova_embeddings", INVOKE, nova) },
            format("batch_embed_contents", "/models/{model}:batchEmbedContents", gemini),
            one("embed_content", "/models/{model}:embedContent", alone),
            format(
                "vertex_embeddings",
                "/models/{model}:predict",
                json!({"predictions": [counted, counted]}),
            ),
        ]
    }

    impl Format {
        fn script(&self) -> Script {
            let script = scripts::json(&self.answer);
            match self.counted {
                Some(count) => scripts::with_header(script, "x-amzn-bedrock-input-token-count", count),
                None => script,
            }
        }

        async fn gateway(&self, fake: &FakeProvider) -> TestGateway {
            gateway(fake, self.endpoint, self.path).await
        }
    }

    /// A format of clients.
    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Client {
        OpenAi,
        Cohere,
        Gemini,
    }

    const CLIENTS: [Client; 3] = [Client::OpenAi, Client::Cohere, Client::Gemini];

    impl Client {
        /// A request for vectors of texts.
        fn ask(self, gateway: &TestGateway, model: &str, texts: &[&str]) -> Call {
            let (path, body) = match self {
                Self::OpenAi => ("/v1/embeddings".to_owned(), json!({"model": model, "input": texts})),
                Self::Cohere => (
                    "/cohere/v2/embed".to_owned(),
                    json!({"model": model, "texts": texts, "input_type": "search_document"}),
                ),
                Self::Gemini => {
                    let model_name = format!("models/{model}");
                    let request = |text| json!({"model": model_name, "content": {"parts": [{"text": text}]}});
                    let requests: Vec<Value> = texts.iter().map(request).collect();
                    (
                        format!("/genai/v1beta/models/{model}:batchEmbedContents"),
                        json!({"requests": requests}),
                    )
                }
            };
            gateway.client().post(&path, body.to_string())
        }

        /// The vectors of an answer.
        fn vectors(self, answer: &Answer) -> Vec<Value> {
            let body = answer.json();
            let each = |list: &Value, key: &str| -> Vec<Value> {
                list.as_array().into_iter().flatten().map(|entry| entry[key].clone()).collect()
            };
            match self {
                Self::OpenAi => each(&body["data"], "embedding"),
                Self::Cohere => body["embeddings"]["float"].as_array().cloned().unwrap_or_default(),
                Self::Gemini => each(&body["embeddings"], "values"),
            }
        }

        /// How many tokens an answer says that it used.
        fn used(self, answer: &Answer) -> Value {
            let body = answer.json();
            match self {
                Self::OpenAi => body["usage"]["total_tokens"].clone(),
                Self::Cohere => body["meta"]["billed_units"]["input_tokens"].clone(),
                Self::Gemini => body["usageMetadata"]["promptTokenCount"].clone(),
            }
        }

        /// The endpoint at which providers speak the same format.
        fn own(self) -> &'static str {
            match self {
                Self::OpenAi => "embeddings",
                Self::Cohere => "cohere_embed",
                Self::Gemini => "batch_embed_contents",
            }
        }

        /// The message of an error.
        fn message(self, answer: &Answer) -> Value {
            let body = answer.json();
            if self == Self::Cohere { body["message"].clone() } else { body["error"]["message"].clone() }
        }
    }

    #[tokio::test]
    async fn every_client_has_its_vectors_from_every_provider() {
        for client in CLIENTS {
            for format in formats() {
                let pair = format!("{client:?} to {}", format.endpoint);
                let fake = FakeProvider::always(format.script()).await;
                let gateway = format.gateway(&fake).await;
                let answer = client.ask(&gateway, "p/m", &["a", "b"]).answer().await;
                assert_eq!(answer.status, StatusCode::OK, "{pair}: {}", answer.text());
                let vector = json!([0.5, -0.25]);
                assert_eq!(client.vectors(&answer), [vector.clone(), vector], "{pair}");
                assert_eq!(client.used(&answer), 6, "{pair}: {}", answer.text());
                let series = "tollgate_tokens_total{provider=\"p\",model=\"m\",kind=\"input\"}";
                // OpenAI's own format has no word for a total that stands alone.
                assert_eq!(gateway.metric(series).await, 6.0, "{pair}");
                assert_eq!(fake.asked(), if format.is_alone { 2 } else { 1 }, "{pair}");
                assert!(fake.requests().iter().all(|request| !request.path.contains('{')), "{pair}");
            }
        }
    }

    #[tokio::test]
    async fn texts_beyond_what_a_provider_takes_are_sent_apart_and_come_back_in_order() {
        let texts: Vec<String> = (0..250).map(|number| format!("text number {number}")).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        for (endpoint, path, most) in [
            ("embed_content", "/models/{model}:embedContent", 1),
            ("batch_embed_contents", "/models/{model}:batchEmbedContents", 100),
            ("cohere_embed", "/v2/embed", 96),
        ] {
            let fake = FakeProvider::start().await;
            let gateway = gateway(&fake, endpoint, path).await;
            let texts = if most == 1 { &texts[..100] } else { &texts };
            let answer = Client::OpenAi.ask(&gateway, "p/echo", texts).answer().await;
            assert_eq!(answer.status, StatusCode::OK, "{endpoint}: {}", answer.text());
            assert_eq!(fake.asked(), texts.len().div_ceil(most), "{endpoint}");
            let vectors = Client::OpenAi.vectors(&answer);
            assert_eq!(vectors.len(), texts.len());
            for (text, vector) in texts.iter().zip(&vectors).step_by(17) {
                let alone = Client::OpenAi.ask(&gateway, "p/echo", &[text]).answer().await;
                assert_eq!(Client::OpenAi.vectors(&alone)[0], *vector, "{endpoint}: {text}");
            }
        }
    }

    #[tokio::test]
    async fn more_texts_than_many_requests_take_are_refused_before_any_is_sent() {
        let fake = FakeProvider::start().await;
        let gateway = gateway(&fake, "titan_embeddings", INVOKE).await;
        let answer = Client::OpenAi.ask(&gateway, "p/m", &["a"; 129]).answer().await;
        assert_eq!((answer.status.as_u16(), fake.asked()), (400, 0));
        assert_eq!(answer.json()["error"]["param"], "input");
        assert!(answer.error_message().contains("send at most 128"), "{}", answer.text());
    }

    #[tokio::test]
    async fn one_failure_among_several_requests_is_the_attempts_and_falls_over() {
        let format = formats().into_iter().find(|format| format.endpoint == "titan_embeddings").unwrap();
        for failure in [scripts::error(503, "busy"), scripts::malformed_json(), scripts::cut()] {
            let fake = FakeProvider::playing([format.script(), failure]).await;
            fake.keep_answering(format.script());
            let other = FakeProvider::always(formats()[0].script()).await;
            let gateway = TestGateway::start(json!({
                "providers": {
                    "p": serving(&fake, &[(format.endpoint, format.path)]),
                    "q": serving(&other, &[("embeddings", "/embeddings")]),
                },
                "routes": {"r": {"strategy": {"mode": "fallback"}, "targets": [{"target": "p/m"}, {"target": "q/m"}]}},
            }))
            .await;
            let answer = Client::OpenAi.ask(&gateway, "r", &["a", "b"]).answer().await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
            assert_eq!((answer.header("x-tollgate-provider"), other.asked()), ("q", 1));
        }
    }

    #[tokio::test]
    async fn a_malformed_answer_is_the_providers_failure() {
        for client in CLIENTS {
            for format in &formats() {
                for script in
                    [scripts::malformed_json(), scripts::json(&json!({"hello": 1})), scripts::empty_answer()]
                {
                    if client.own() == format.endpoint {
                        continue;
                    }
                    let fake = FakeProvider::always(script).await;
                    let gateway = format.gateway(&fake).await;
                    let answer = client.ask(&gateway, "p/m", &["a", "b"]).answer().await;
                    assert_eq!(answer.status, 502, "{client:?} to {}: {}", format.endpoint, answer.text());
                    assert_eq!(answer.header("x-tollgate-error"), "TG3001");
                }
            }
        }
    }

    #[tokio::test]
    async fn a_vector_too_few_is_the_providers_failure() {
        let fake = FakeProvider::always(scripts::json(&json!({"embeddings": {"float": [[1]]}}))).await;
        let answer = Client::OpenAi
            .ask(&gateway(&fake, "cohere_embed", "/embed").await, "p/m", &["a", "b"])
            .answer()
            .await;
        assert_eq!(answer.status, 502);
        assert!(answer.error_message().contains("2 inputs got 1 embeddings"), "{}", answer.text());
    }

    #[tokio::test]
    async fn a_providers_refusal_is_told_in_the_clients_shape_with_its_status() {
        for client in CLIENTS {
            for format in formats().iter().filter(|format| format.endpoint != client.own()) {
                let fake = FakeProvider::always(scripts::error(400, &format!("bad, {SECRET}"))).await;
                let answer = client.ask(&format.gateway(&fake).await, "p/m", &["a", "b"]).answer().await;
                assert_eq!(answer.status, 400, "{client:?} to {}", format.endpoint);
                assert_eq!(client.message(&answer), "bad, [redacted]", "{client:?} to {}", format.endpoint);
            }
        }
    }

    #[tokio::test]
    async fn what_is_lost_is_named_and_refused_where_the_route_is_strict() {
        let format = formats().into_iter().find(|format| format.endpoint == "titan_embeddings").unwrap();
        let fake = FakeProvider::always(format.script()).await;
        let gateway = TestGateway::start(json!({
            "providers": {"p": serving(&fake, &[(format.endpoint, format.path)])},
            "routes": {"exact": {"target": "p/m", "strict": true}},
        }))
        .await;
        let ask = |model: &str| {
            let body = json!({"model": model, "input": "a", "user": "u", "dimensions": 256});
            gateway.client().post("/v1/embeddings", body.to_string())
        };
        let lenient = ask("p/m").answer().await;
        assert_eq!((lenient.status.as_u16(), lenient.header("x-tollgate-dropped")), (200, "user"));
        let sent: Value = serde_json::from_slice(&fake.only_request().body).unwrap();
        assert_eq!(sent, json!({"inputText": "a", "dimensions": 256}));
        let strict = ask("exact").answer().await;
        assert_eq!((strict.status.as_u16(), strict.header("x-tollgate-error")), (400, "TG1010"));
        assert_eq!(strict.json()["error"]["param"], "user");
    }

    #[tokio::test]
    async fn what_would_make_other_vectors_is_refused() {
        let fake = FakeProvider::start().await;
        let gateway = gateway(&fake, "titan_embeddings", INVOKE).await;
        let body = json!({"model": "p/m", "input": [[1, 2]]});
        let answer = gateway.client().post("/v1/embeddings", body.to_string()).answer().await;
        assert_eq!((answer.status.as_u16(), fake.asked()), (400, 0));
        assert!(
            answer.error_message().contains("texts as tokens (`input`) cannot be sent"),
            "{}",
            answer.text()
        );
    }

    #[tokio::test]
    async fn a_batch_is_for_the_model_that_was_authorised() {
        let fake = FakeProvider::start().await;
        let gateway = gateway(&fake, "batch_embed_contents", "/models/{model}:batchEmbedContents").await;
        let request = |model: &str| json!({"model": model, "content": {"parts": [ {"text": "a"}]}, "x": 1.0});
        let body = json!({"requests": [request("models/p/echo"), request("models/smuggled")]}).to_string();
        let path = "/v1beta/models/p/echo:batchEmbedContents";
        let answer = gateway.client().post(path, body.clone()).answer().await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let sent = String::from_utf8(fake.only_request().body.to_vec()).unwrap();
        assert_eq!(
            sent,
            body.replace("models/p/echo", "models/echo").replace("models/smuggled", "models/echo")
        );
        let twice = r#"{"requests":[{"model":"models/p/echo","model":"models/b","content":{}}]}"#;
        assert_eq!(gateway.client().post(path, twice).answer().await.status, 400);
    }

    #[tokio::test]
    async fn the_same_format_passes_byte_for_byte() {
        let body = r#"{ "model":"echo",  "texts": ["\u0061"], "input_type":"image", "future": 1.50 }"#;
        let fake = FakeProvider::start().await;
        let mut entry = serving(&fake, &[("cohere_embed", "/v2/embed")]);
        entry["models"] = json!(["echo"]);
        let gateway = TestGateway::start(json!({"providers": {"p": entry}})).await;
        let answer = gateway.client().post("/v2/embed", body).answer().await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        assert_eq!(fake.only_request().body, body);
        assert_eq!(answer.header("x-tollgate-dropped"), "");
    }

    #[tokio::test]
    async fn a_picture_goes_past_a_model_that_sees_nothing() {
        let format = formats().into_iter().find(|format| format.endpoint == "cohere_embed").unwrap();
        let answer = json!({"id": "e", "embeddings": {"float": [[1]]}});
        let fakes = [FakeProvider::start().await, FakeProvider::always(scripts::json(&answer)).await];
        let entry = |fake| serving(fake, &[(format.endpoint, format.path)]);
        let gateway = TestGateway::start(json!({
            "providers": {"p": entry(&fakes[0]), "q": entry(&fakes[1])},
            "routes": {"r": {"strategy": {"mode": "fallback"}, "targets": [{"target": "p/m"}, {"target": "q/m"}]}},
            "catalog": {"overrides": [
                {"provider": "p", "model": "m", "same_as": "openai/text-embedding-3-small"},
                {"provider": "q", "model": "m", "same_as": "cohere/embed-v4.0"},
            ]},
        }))
        .await;
        let image = json!({"model": "r", "input_type": "image", "images": ["data:image/png;base64,AA=="]});
        let answer = gateway.client().post("/v2/embed", image.to_string()).answer().await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("x-tollgate-provider")),
            (200, "q"),
            "{}",
            answer.text()
        );
        assert_eq!((fakes[0].asked(), fakes[1].asked()), (0, 1));
    }

    #[tokio::test]
    async fn one_text_of_gemini_has_one_vector_from_every_provider() {
        for format in formats().iter().filter(|format| format.is_alone) {
            let fake = FakeProvider::always(format.script()).await;
            let gateway = format.gateway(&fake).await;
            let body = json!({"content": {"parts": [{"text": "a"}]}});
            let call = gateway.client().post("/v1beta/models/p/m:embedContent", body.to_string());
            let answer = call.answer().await;
            assert_eq!(answer.json()["embedding"]["values"], json!([0.5, -0.25]), "{}", format.endpoint);
        }
    }
}

mod reranking {
    use super::*;

    /// Every format of providers with its answer for three documents, of which the last is first.
    fn formats() -> Vec<(&'static str, &'static str, Value)> {
        let of = |index: &str, score: &str| json!([{index: 2, score: 0.75}, {index: 0, score: 0.5}]);
        let plain = of("index", "relevance_score");
        let units = json!({"billed_units": {"search_units": 1}});
        let tokens = json!({"total_tokens": 9});
        vec![
            ("cohere_rerank", "/v2/rerank", json!({"id": "r", "results": plain, "meta": units})),
            ("rerank", "/rerank", json!({"model": "m", "results": plain, "usage": tokens})),
            ("voyage_rerank", "/rerank", json!({"object": "list", "data": plain, "usage": tokens})),
            ("bedrock_rerank", "/rerank", json!({"results": of("index", "relevanceScore")})),
            ("cohere_rerank_on_bedrock", "/model/{model}/invoke", json!({"results": plain})),
        ]
    }

    /// The paths of clients, with what they call the number of documents that they want, and the member of the results.
    const CLIENTS: [(&str, &str, &str); 3] = [
        ("/v2/rerank", "top_n", "results"),
        ("/v1/rerank", "top_n", "results"),
        ("/voyage/v1/rerank", "top_k", "data"),
    ];

    fn ask(gateway: &TestGateway, (path, top, _): (&str, &str, &str)) -> Call {
        let documents = ["a", "b", "c"];
        let body =
            json!({"model": "p/m", "query": "q", "documents": documents, top: 2, "return_documents": true});
        gateway.client().post(path, body.to_string())
    }

    #[tokio::test]
    async fn every_client_has_its_order_from_every_provider() {
        for client in CLIENTS {
            for (endpoint, path, told) in formats() {
                let pair = format!("{} to {endpoint}", client.0);
                let fake = FakeProvider::always(scripts::json(&told)).await;
                let answer = ask(&gateway(&fake, endpoint, path).await, client).answer().await;
                assert_eq!(answer.status, StatusCode::OK, "{pair}: {}", answer.text());
                let results = answer.json()[client.2].clone();
                assert_eq!((&results[0]["index"], &results[1]["index"]), (&json!(2), &json!(0)), "{pair}");
                assert_eq!(results[0]["relevance_score"], 0.75, "{pair}");
                let sent = String::from_utf8(fake.only_request().body.to_vec()).unwrap();
                assert!(sent.contains('2') && sent.contains("\"c\""), "{pair}: {sent}");
            }
        }
    }

    #[tokio::test]
    async fn documents_come_back_from_a_provider_that_was_not_asked_for_them() {
        let fake = FakeProvider::always(scripts::json(&formats()[3].2)).await;
        let answer = ask(&gateway(&fake, "bedrock_rerank", "/rerank").await, CLIENTS[0]).answer().await;
        assert_eq!(answer.json()["results"][0]["document"], json!({"text": "c"}));
    }

    #[tokio::test]
    async fn a_malformed_answer_is_the_providers_failure() {
        for client in CLIENTS {
            for (endpoint, path, _) in formats().into_iter().skip(3) {
                let beyond = json!({"results": [{"index": 3, "relevance_score": 1, "relevanceScore": 1}]});
                for script in [scripts::malformed_json(), scripts::json(&json!({})), scripts::json(&beyond)] {
                    let fake = FakeProvider::always(script).await;
                    let answer = ask(&gateway(&fake, endpoint, path).await, client).answer().await;
                    assert_eq!(answer.status, 502, "{} to {endpoint}: {}", client.0, answer.text());
                }
            }
        }
    }

    #[tokio::test]
    async fn a_providers_refusal_is_told_in_the_clients_shape() {
        for (client, member) in CLIENTS.into_iter().zip(["message", "message", "detail"]) {
            for (endpoint, path, _) in formats() {
                let fake = FakeProvider::always(scripts::error(400, "bad")).await;
                let answer = ask(&gateway(&fake, endpoint, path).await, client).answer().await;
                let same = answer.json()["error"]["message"] == "bad";
                assert!(
                    same || answer.json()[member] == "bad",
                    "{} to {endpoint}: {}",
                    client.0,
                    answer.text()
                );
                assert_eq!(answer.status, 400);
            }
        }
        let fake = FakeProvider::start().await;
        let gateway = gateway(&fake, "rerank", "/rerank").await;
        let refused = gateway.anybody().post("/voyage/v1/rerank", "{}").answer().await;
        assert_eq!(refused.status, 401);
        assert!(refused.json()["detail"].is_string(), "{}", refused.text());
    }

    #[tokio::test]
    async fn bedrocks_models_are_named_in_full() {
        let fake = FakeProvider::always(scripts::json(&formats()[3].2)).await;
        let gateway = TestGateway::start(json!({"providers": {"bedrock-agent": {
            "base_url": fake.base_url(), "credentials": [SECRET],
            "variables": {"region": {"value": "us-gov-west-1"}},
        }}}))
        .await;
        for (model, expected) in [
            (
                "amazon.rerank-v1:0",
                "arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/amazon.rerank-v1:0",
            ),
            ("arn:aws:bedrock:eu-west-1:1:x/y", "arn:aws:bedrock:eu-west-1:1:x/y"),
        ] {
            let asked = fake.asked();
            let body = json!({"model": format!("bedrock-agent/{model}"), "query": "q", "documents": ["a", "b", "c"]});
            let answer = gateway.client().post("/v2/rerank", body.to_string()).answer().await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
            let sent: Value = serde_json::from_slice(&fake.requests()[asked].body).unwrap();
            let configuration = &sent["rerankingConfiguration"]["bedrockRerankingConfiguration"];
            assert_eq!(configuration["modelConfiguration"]["modelArn"], expected);
        }
    }
}

mod costs {
    use super::*;

    /// What an answer of a built-in provider costs at the prices of the catalogue.
    async fn cost(provider: &str, script: Script, path: &str, body: Value) -> String {
        let fake = FakeProvider::always(script).await;
        let entry = json!({
            "base_url": fake.base_url(), "credentials": [SECRET], "auth": {"scheme": "bearer"},
            "variables": {"region": {"value": "us-east-1"}},
        });
        let mut entry = entry;
        if !provider.starts_with("bedrock") {
            entry.as_object_mut().unwrap().remove("variables");
        }
        let gateway = TestGateway::start(json!({"providers": {provider: entry}})).await;
        let answer = gateway.client().post(path, body.to_string()).answer().await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.header("x-tollgate-cost").to_owned()
    }

    fn rerank(model: &str) -> Value {
        json!({"model": model, "query": "q", "documents": ["a"]})
    }

    #[tokio::test]
    async fn a_search_costs_by_its_units_or_by_its_tokens() {
        let results = json!([{"index": 0, "relevance_score": 0.5}]);
        let units = json!({"results": results, "meta": {"billed_units": {"search_units": 3.0}}});
        // $2 for 1,000 searches (https://cohere.com/pricing).
        for path in ["/v2/rerank", "/v1/rerank", "/voyage/v1/rerank"] {
            let cost = cost("cohere", scripts::json(&units), path, rerank("cohere/rerank-v3.5")).await;
            assert_eq!(cost, "0.006", "{path}");
        }
        // $0.05 for a million tokens (https://docs.voyageai.com/docs/pricing, https://api.jina.ai/v1/models).
        let tokens = json!({"data": results, "results": results, "usage": {"total_tokens": 2_000}});
        for (provider, model) in [("voyage", "rerank-2.5"), ("jina", "jina-reranker-m0")] {
            for path in ["/v2/rerank", "/v1/rerank", "/voyage/v1/rerank"] {
                let model = format!("{provider}/{model}");
                let cost = cost(provider, scripts::json(&tokens), path, rerank(&model)).await;
                assert_eq!(cost, "0.0001", "{model} {path}");
            }
        }
        // What Bedrock counts is not told.
        let silent = json!({"results": results});
        let cost =
            cost("bedrock", scripts::json(&silent), "/v2/rerank", rerank("bedrock/cohere.rerank-v3-5:0"));
        assert_eq!(cost.await, "unpriced");
    }

    #[tokio::test]
    async fn vectors_cost_by_the_tokens_of_all_requests() {
        let body = |model: &str| json!({"model": model, "input": ["a", "b"]});
        let titan = scripts::json(&json!({"embedding": [1], "inputTextTokenCount": 1_000}));
        // $0.02 for a million tokens (https://aws.amazon.com/bedrock/pricing/).
        let cost_of = cost("bedrock", titan, "/v1/embeddings", body("bedrock/amazon.titan-embed-text-v2:0"));
        assert_eq!(cost_of.await, "0.00004");
        let cohere = scripts::json(&json!({"embeddings": {"float": [[1], [2]]}}));
        let cohere = scripts::with_header(cohere, "x-amzn-bedrock-input-token-count", "500");
        // $0.12 for a million tokens, which the head counts.
        let cost_of = cost("bedrock", cohere, "/v1/embeddings", body("bedrock/cohere.embed-v4:0"));
        assert_eq!(cost_of.await, "0.00006");
        let entry = json!({"index": 0, "embedding": [1]});
        let mistral =
            json!({"data": [entry, {"index": 1, "embedding": [1]}], "usage": {"prompt_tokens": 100}});
        // $0.1 for a million tokens (https://mistral.ai/pricing/api); vectors are no output that is counted.
        let cost_of =
            cost("mistral", scripts::json(&mistral), "/v1/embeddings", body("mistral/mistral-embed"));
        assert_eq!(cost_of.await, "0.00001");
    }

    #[tokio::test]
    async fn texts_and_pictures_cost_apart() {
        let image = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}});
        let body = |model: &str| {
            let content = json!([{"type": "text", "text": "a"}, image]);
            json!({"model": model, "input_type": "search_document", "inputs": [{"content": content}]})
        };
        let units = json!({"text_tokens": 100, "image_tokens": 1_000});
        let told = json!({"embeddings": {"float": [[1]]}, "meta": {"billed_units": units}});
        // 100 x $0.12 and 1,000 x $0.47 for a million (https://cohere.com/pricing).
        let cost_of = cost("cohere", scripts::json(&told), "/v2/embed", body("cohere/embed-v4.0"));
        assert_eq!(cost_of.await, "0.000482");
        // A picture's price by the piece is not in the catalogue.
        let titan = scripts::json(&json!({"embedding": [1], "inputTextTokenCount": 1_000}));
        let cost_of = cost("bedrock", titan, "/v2/embed", body("bedrock/amazon.titan-embed-image-v1"));
        assert_eq!(cost_of.await, "unpriced");
    }
}
