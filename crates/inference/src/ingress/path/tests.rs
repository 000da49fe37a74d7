//! Which operation a path is.

use super::{
    ClientShape, ConversationAction, Endpoint, ErrorCode, HeaderMap, Method, Operation, StoredAction,
    match_path,
};
use http::HeaderValue;

fn client_shape(path: &str, header: Option<&'static str>) -> ClientShape {
    let mut headers = HeaderMap::new();
    if let Some(name) = header {
        headers.insert(name, HeaderValue::from_static("x"));
    }
    super::client_shape(path, &headers)
}

#[test]
fn sdks_find_their_endpoints_under_every_base_url_they_may_be_given() {
    for base in ["", "/v1", "/openai", "/openai/v1"] {
        let path = format!("{base}/chat/completions");
        assert_eq!(match_path(&Method::POST, &path), Ok(Operation::Call(Endpoint::ChatCompletions)));
        assert_eq!(client_shape(&path, None), ClientShape::OpenAi);
    }
    for base in ["", "/v1", "/v1/v1", "/anthropic", "/anthropic/v1"] {
        let path = format!("{base}/messages");
        assert_eq!(match_path(&Method::POST, &path), Ok(Operation::Call(Endpoint::Messages)));
        assert_eq!(client_shape(&path, None), ClientShape::Anthropic);
    }
    /// Anthropic's clients.
    const ANTHROPIC: Option<&str> = Some("anthropic-version");
    for (path, header, shape) in [
        ("/v1/models", ANTHROPIC, ClientShape::Anthropic),
        ("/v1/models", Some("x-goog-api-client"), ClientShape::Google),
        ("/v1/models", Some("x-goog-api-key"), ClientShape::Google),
        ("/v1beta/models", None, ClientShape::Google),
        ("/v1/models", None, ClientShape::OpenAi),
        ("/anthropic/v1/files", None, ClientShape::Anthropic),
        ("/openai/v1/files", ANTHROPIC, ClientShape::OpenAi),
        ("/v1/chat/completions", ANTHROPIC, ClientShape::OpenAi),
        ("/anthropic/v1/chat/completions", ANTHROPIC, ClientShape::OpenAi),
    ] {
        assert_eq!(client_shape(path, header), shape, "{path}");
    }
}

#[test]
fn a_model_in_a_path_is_found_however_it_is_written() {
    let gemini = |path: &str, endpoint| {
        let called = Operation::CallModel(endpoint, "google/gemini-2.5-flash".into());
        assert_eq!(match_path(&Method::POST, path), Ok(called), "{path}");
        assert_eq!(client_shape(path, None), ClientShape::Google, "{path}");
    };
    gemini("/v1beta/models/google/gemini-2.5-flash:generateContent", Endpoint::GenerateContent);
    gemini(
        "/genai/v1/models/google%2Fgemini-2.5-flash:streamGenerateContent",
        Endpoint::StreamGenerateContent,
    );
    for path in
        ["/model/us.amazon.nova%3A0/converse-stream", "/bedrock/model/us.amazon.nova:0/converse-stream"]
    {
        let called = Operation::CallModel(Endpoint::ConverseStream, "us.amazon.nova:0".into());
        assert_eq!(match_path(&Method::POST, path), Ok(called), "{path}");
        assert_eq!(client_shape(path, None), ClientShape::Amazon);
    }
    let refused = match_path(&Method::GET, "/model/m/converse").unwrap_err();
    assert_eq!(refused.allow, Some("POST"));
    assert_eq!(match_path(&Method::POST, "/model//converse").unwrap_err().code, ErrorCode::PathNotFound);
    let invoke = Operation::Passthrough { provider: "bedrock", path: "/model/m/invoke" };
    assert_eq!(match_path(&Method::POST, "/bedrock/model/m/invoke"), Ok(invoke));
}

#[test]
fn vertex_clients_name_a_provider_as_publisher() {
    for (path, model) in [
        (
            "/v1/projects/p/locations/eu/publishers/google/models/gemini-2.5-pro:generateContent",
            "gemini-2.5-pro",
        ),
        ("/v1beta1/publishers/google/models/gemini-2.5-pro:generateContent", "gemini-2.5-pro"),
        ("/genai/v1beta1/publishers/vertex/models/gemini-2.5-pro:generateContent", "vertex/gemini-2.5-pro"),
    ] {
        let called = Operation::CallModel(Endpoint::GenerateContent, model.into());
        assert_eq!(match_path(&Method::POST, path), Ok(called), "{path}");
        assert_eq!(client_shape(path, None), ClientShape::Google);
    }
    for path in ["/v1/publishers/google", "/v1/x/publishers/google/models/m:generateContent"] {
        assert_eq!(match_path(&Method::POST, path).unwrap_err().code, ErrorCode::PathNotFound, "{path}");
    }
}

#[test]
fn tokens_are_counted_beside_what_they_are_counted_for() {
    for (path, operation) in [
        ("/v1/messages/count_tokens", Operation::Call(Endpoint::CountTokens)),
        ("/openai/v1/responses/input_tokens", Operation::Call(Endpoint::InputTokens)),
        (
            "/genai/v1beta/models/p/m:countTokens",
            Operation::CallModel(Endpoint::GeminiCountTokens, "p/m".into()),
        ),
        ("/model/m/count-tokens", Operation::CallModel(Endpoint::ConverseCountTokens, "m".into())),
    ] {
        assert_eq!(match_path(&Method::POST, path), Ok(operation), "{path}");
    }
    assert_eq!(match_path(&Method::GET, "/v1/responses/input_tokens").unwrap_err().allow, Some("POST"));
}

#[test]
fn cohere_clients_find_their_chat() {
    for path in ["/v2/chat", "/cohere/v2/chat"] {
        assert_eq!(match_path(&Method::POST, path), Ok(Operation::Call(Endpoint::CohereChat)));
        assert_eq!(client_shape(path, None), ClientShape::Cohere);
    }
}

#[test]
fn images_and_audio_are_found_where_openai_has_them() {
    for (path, endpoint) in [
        ("/images/generations", Endpoint::ImageGenerations),
        ("/images/edits", Endpoint::ImageEdits),
        ("/images/variations", Endpoint::ImageVariations),
        ("/audio/speech", Endpoint::AudioSpeech),
        ("/audio/transcriptions", Endpoint::AudioTranscriptions),
        ("/audio/translations", Endpoint::AudioTranslations),
    ] {
        for base in ["", "/v1", "/openai/v1"] {
            let path = format!("{base}{path}");
            assert_eq!(match_path(&Method::POST, &path), Ok(Operation::Call(endpoint)), "{path}");
            assert_eq!(client_shape(&path, None), ClientShape::OpenAi);
        }
    }
}

#[test]
fn embeddings_and_reranking_are_found_where_each_vendor_has_them() {
    for (path, endpoint, shape) in [
        ("/v1/embeddings", Endpoint::Embeddings, ClientShape::OpenAi),
        ("/voyage/v1/embeddings", Endpoint::Embeddings, ClientShape::OpenAi),
        ("/v2/embed", Endpoint::CohereEmbed, ClientShape::Cohere),
        ("/cohere/v2/embed", Endpoint::CohereEmbed, ClientShape::Cohere),
        ("/v2/rerank", Endpoint::CohereRerank, ClientShape::Cohere),
        ("/v1/rerank", Endpoint::Rerank, ClientShape::Cohere),
        ("/cohere/v1/rerank", Endpoint::Rerank, ClientShape::Cohere),
        ("/jina/v1/rerank", Endpoint::Rerank, ClientShape::Cohere),
        ("/voyage/v1/rerank", Endpoint::VoyageRerank, ClientShape::Voyage),
    ] {
        assert_eq!(match_path(&Method::POST, path), Ok(Operation::Call(endpoint)), "{path}");
        assert_eq!(client_shape(path, None), shape, "{path}");
    }
    for (verb, endpoint) in
        [("embedContent", Endpoint::EmbedContent), ("batchEmbedContents", Endpoint::BatchEmbedContents)]
    {
        let path = format!("/genai/v1beta/models/m:{verb}");
        assert_eq!(match_path(&Method::POST, &path), Ok(Operation::CallModel(endpoint, "m".into())));
        assert_eq!(client_shape(&path, None), ClientShape::Google);
    }
    let through = Operation::Passthrough { provider: "voyage", path: "/v1/multimodalembeddings" };
    assert_eq!(match_path(&Method::POST, "/voyage/v1/multimodalembeddings"), Ok(through));
}

#[test]
fn stored_responses_have_four_actions() {
    for (method, path, action) in [
        (Method::GET, "/v1/responses/resp_1", StoredAction::Get),
        (Method::DELETE, "/v1/responses/resp_1", StoredAction::Delete),
        (Method::POST, "/v1/responses/resp_1/cancel", StoredAction::Cancel),
        (Method::GET, "/openai/v1/responses/resp_1/input_items", StoredAction::InputItems),
    ] {
        assert_eq!(match_path(&method, path), Ok(Operation::Stored(action, "resp_1".into())));
    }
}

#[test]
fn models_are_listed_under_every_version() {
    for path in ["/models", "/v1/models", "/v1beta/models", "/genai/v1beta/models", "/cohere/v1/models"] {
        assert_eq!(match_path(&Method::GET, path), Ok(Operation::ListModels), "{path}");
    }
}

#[test]
fn other_paths_of_a_prefix_pass_through_and_bare_ones_do_not_exist() {
    let through = Operation::Passthrough { provider: "openai", path: "/v1/files" };
    assert_eq!(match_path(&Method::GET, "/openai/v1/files"), Ok(through));
    let named = Operation::Passthrough { provider: "groq", path: "/x/y" };
    assert_eq!(match_path(&Method::PUT, "/providers/groq/x/y"), Ok(named));
    let refused = |method, path| match_path(&method, path).unwrap_err();
    assert_eq!(refused(Method::GET, "/v1/files").code, ErrorCode::PathNotFound);
    assert_eq!(refused(Method::GET, "/v1/chat/completions").allow, Some("POST"));
    assert_eq!(refused(Method::POST, "/healthz").allow, Some("GET, HEAD"));
    assert!(match_path(&Method::HEAD, "/readyz").is_ok());
    assert_eq!(refused(Method::PUT, "/v1/responses/r").allow, Some("GET, DELETE"));
}

#[test]
fn an_id_never_climbs() {
    for id in [".", "..", "%2e%2e", "%2E."] {
        for method in [Method::GET, Method::DELETE] {
            let refused = match_path(&method, &format!("/v1/responses/{id}")).unwrap_err();
            assert_eq!(refused.code, ErrorCode::PathNotFound, "{id}");
        }
    }
}

#[test]
fn a_trace_is_never_passed_through() {
    for path in ["/providers/p/x", "/openai/v1/files"] {
        let refused = match_path(&Method::TRACE, path).unwrap_err();
        assert_eq!(refused.code, ErrorCode::MethodNotAllowed, "{path}");
    }
}

#[test]
fn a_model_id_keeps_its_slashes() {
    let google = match_path(&Method::GET, "/v1beta/models/google/gemini-2.5-pro");
    assert_eq!(google, Ok(Operation::GetModel("google/gemini-2.5-pro".into())));
    let get = match_path(&Method::GET, "/v1/models/openai/gpt-4o");
    assert_eq!(get, Ok(Operation::GetModel("openai/gpt-4o".into())));
    let encoded = match_path(&Method::GET, "/v1/models/openai%2Fgpt-4o");
    assert_eq!(encoded, Ok(Operation::GetModel("openai/gpt-4o".into())));
}

#[test]
fn conversations_have_items_and_each_its_methods() {
    let found = |method: Method, below: &'static str| match match_path(&method, below) {
        Ok(Operation::Conversation(action)) => action,
        other => panic!("{method} {below}: {other:?}"),
    };
    assert_eq!(found(Method::POST, "/v1/conversations"), ConversationAction::Create);
    assert_eq!(found(Method::GET, "/conversations/conv_1"), ConversationAction::Get("conv_1".into()));
    let annotate = ConversationAction::Annotate("conv_1".into());
    assert_eq!(found(Method::POST, "/v1/conversations/conv_1"), annotate);
    let delete = ConversationAction::Delete("conv_1".into());
    assert_eq!(found(Method::DELETE, "/v1/conversations/conv_1"), delete);
    let list = ConversationAction::ListItems("conv_1".into());
    assert_eq!(found(Method::GET, "/v1/conversations/conv_1/items"), list);
    let add = ConversationAction::AddItems("conv_1".into());
    assert_eq!(found(Method::POST, "/v1/conversations/conv_1/items"), add);
    let get = ConversationAction::GetItem("conv_1".into(), "msg/1".into());
    assert_eq!(found(Method::GET, "/v1/conversations/conv_1/items/msg%2F1"), get);
    let delete = ConversationAction::DeleteItem("conv_1".into(), "msg/1".into());
    assert_eq!(found(Method::DELETE, "/v1/conversations/conv_1/items/msg%2F1"), delete);
}

#[test]
fn what_is_no_conversation_is_not_found_and_a_wrong_method_names_the_right_ones() {
    for path in [
        "/v1/conversations/",
        "/v1/conversations/..",
        "/v1/conversations/c/things",
        "/v1/conversations/c/items/",
        "/v1/conversations/c/items/i/j",
        "/v1/conversationsx",
    ] {
        let refusal = match_path(&Method::GET, path).unwrap_err();
        assert_eq!(refusal.code, ErrorCode::PathNotFound, "{path}");
    }
    for (path, allow) in [
        ("/v1/conversations", "POST"),
        ("/v1/conversations/c", "GET, POST, DELETE"),
        ("/v1/conversations/c/items", "GET, POST"),
        ("/v1/conversations/c/items/i", "GET, DELETE"),
    ] {
        assert_eq!(match_path(&Method::PUT, path).unwrap_err().allow, Some(allow));
    }
    let vendors = match_path(&Method::POST, "/openai/v1/conversations");
    assert!(matches!(vendors, Ok(Operation::Passthrough { provider: "openai", .. })), "{vendors:?}");
}
