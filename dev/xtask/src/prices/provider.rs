//! How the sources call the providers that Tollgate knows. A provider that is in neither table is left out: its prices
//! could not be looked up.

/// A provider of genai-prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GenaiProvider {
    /// Its id there.
    pub(super) id: &'static str,
    /// Our name.
    pub(super) provider: &'static str,
    /// What is put behind a model's name, for routers that take the host so.
    pub(super) suffix: &'static str,
}

const fn genai(id: &'static str, provider: &'static str) -> GenaiProvider {
    GenaiProvider { id, provider, suffix: "" }
}

/// A host behind Hugging Face's router, which is chosen as `model:host`
/// (<https://huggingface.co/docs/inference-providers/index>).
const fn routed(id: &'static str, suffix: &'static str) -> GenaiProvider {
    GenaiProvider { id, provider: "huggingface", suffix }
}

/// The providers of genai-prices. Google has one price list for its two platforms.
pub(super) const GENAI: &[GenaiProvider] = &[
    genai("anthropic", "anthropic"),
    genai("aws", "bedrock"),
    genai("azure", "azure-openai"),
    genai("baseten", "baseten"),
    genai("cerebras", "cerebras"),
    genai("cloudflare", "cloudflare"),
    genai("cohere", "cohere"),
    genai("databricks", "databricks"),
    genai("deepseek", "deepseek"),
    genai("elevenlabs", "elevenlabs"),
    genai("fireworks", "fireworks"),
    genai("google", "google"),
    genai("google", "vertex"),
    genai("groq", "groq"),
    routed("huggingface_cerebras", ":cerebras"),
    routed("huggingface_fireworks-ai", ":fireworks-ai"),
    routed("huggingface_groq", ":groq"),
    routed("huggingface_hyperbolic", ":hyperbolic"),
    routed("huggingface_nebius", ":nebius"),
    routed("huggingface_novita", ":novita"),
    routed("huggingface_nscale", ":nscale"),
    routed("huggingface_ovhcloud", ":ovhcloud"),
    routed("huggingface_publicai", ":publicai"),
    routed("huggingface_sambanova", ":sambanova"),
    routed("huggingface_together", ":together"),
    genai("minimax", "minimax"),
    genai("mistral", "mistral"),
    genai("moonshotai", "moonshot"),
    genai("novita", "novita"),
    genai("openai", "openai"),
    genai("openrouter", "openrouter"),
    genai("ovhcloud", "ovhcloud"),
    genai("perplexity", "perplexity"),
    genai("together", "together"),
    genai("voyageai", "voyage"),
    genai("x-ai", "xai"),
    genai("zai", "zhipu"),
];

/// A provider of LiteLLM's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LitellmProvider {
    /// Its id there.
    pub(super) id: &'static str,
    /// Our name.
    pub(super) provider: &'static str,
    /// What the names of its models begin with there and not with the provider.
    pub(super) prefix: &'static str,
}

const fn litellm(id: &'static str, provider: &'static str, prefix: &'static str) -> LitellmProvider {
    LitellmProvider { id, provider, prefix }
}

/// The providers of LiteLLM's data.
pub(super) const LITELLM: &[LitellmProvider] = &[
    litellm("ai21", "ai21", ""),
    litellm("anthropic", "anthropic", ""),
    litellm("azure", "azure-openai", "azure/"),
    litellm("azure_text", "azure-openai", "azure/"),
    litellm("azure_ai", "azure-foundry", "azure_ai/"),
    litellm("baseten", "baseten", "baseten/"),
    litellm("bedrock", "bedrock", "bedrock/"),
    litellm("bedrock_converse", "bedrock", "bedrock/"),
    litellm("cerebras", "cerebras", "cerebras/"),
    litellm("cloudflare", "cloudflare", "cloudflare/"),
    litellm("cohere", "cohere", "cohere/"),
    litellm("cohere_chat", "cohere", "cohere/"),
    litellm("dashscope", "qwen", "dashscope/"),
    litellm("databricks", "databricks", "databricks/"),
    litellm("deepgram", "deepgram", "deepgram/"),
    litellm("deepinfra", "deepinfra", "deepinfra/"),
    litellm("deepseek", "deepseek", "deepseek/"),
    litellm("elevenlabs", "elevenlabs", "elevenlabs/"),
    litellm("featherless_ai", "featherless", "featherless_ai/"),
    litellm("fireworks_ai", "fireworks", "fireworks_ai/"),
    litellm("fireworks_ai-embedding-models", "fireworks", "fireworks_ai/"),
    litellm("friendliai", "friendli", "friendliai/"),
    litellm("gemini", "google", "gemini/"),
    litellm("groq", "groq", "groq/"),
    litellm("hyperbolic", "hyperbolic", "hyperbolic/"),
    litellm("inception", "inception", "inception/"),
    litellm("jina_ai", "jina", "jina_ai/"),
    litellm("minimax", "minimax", "minimax/"),
    litellm("mistral", "mistral", "mistral/"),
    litellm("moonshot", "moonshot", "moonshot/"),
    litellm("nebius", "nebius", "nebius/"),
    litellm("novita", "novita", "novita/"),
    litellm("nvidia_nim", "nvidia", "nvidia_nim/"),
    litellm("oci", "oracle", "oci/"),
    litellm("ollama", "ollama", "ollama/"),
    litellm("openai", "openai", "openai/"),
    litellm("ovhcloud", "ovhcloud", "ovhcloud/"),
    litellm("perplexity", "perplexity", "perplexity/"),
    litellm("replicate", "replicate", "replicate/"),
    litellm("sagemaker", "sagemaker", "sagemaker/"),
    litellm("sambanova", "sambanova", "sambanova/"),
    litellm("scaleway", "scaleway", "scaleway/"),
    litellm("snowflake", "snowflake", "snowflake/"),
    litellm("stability", "stability", "stability/"),
    litellm("text-completion-openai", "openai", ""),
    litellm("together_ai", "together", "together_ai/"),
    litellm("vercel_ai_gateway", "vercel", "vercel_ai_gateway/"),
    litellm("vertex_ai", "vertex", "vertex_ai/"),
    litellm("vertex_ai-ai21_models", "vertex", "vertex_ai/"),
    litellm("vertex_ai-anthropic_models", "vertex", "vertex_ai/"),
    litellm("vertex_ai-deepseek_models", "vertex", "vertex_ai/"),
    litellm("vertex_ai-embedding-models", "vertex", "vertex_ai/"),
    litellm("vertex_ai-language-models", "vertex", "vertex_ai/"),
    litellm("vertex_ai-llama_models", "vertex", "vertex_ai/"),
    litellm("vertex_ai-minimax_models", "vertex", "vertex_ai/"),
    litellm("vertex_ai-mistral_models", "vertex", "vertex_ai/"),
    litellm("vertex_ai-moonshot_models", "vertex", "vertex_ai/"),
    litellm("vertex_ai-openai_models", "vertex", "vertex_ai/"),
    litellm("vertex_ai-qwen_models", "vertex", "vertex_ai/"),
    litellm("vertex_ai-text-models", "vertex", "vertex_ai/"),
    litellm("vertex_ai-video-models", "vertex", "vertex_ai/"),
    litellm("vertex_ai-zai_models", "vertex", "vertex_ai/"),
    litellm("voyage", "voyage", "voyage/"),
    litellm("wandb", "wandb", "wandb/"),
    litellm("watsonx", "watsonx", "watsonx/"),
    litellm("xai", "xai", "xai/"),
    litellm("xiaomi_mimo", "xiaomi", "xiaomi_mimo/"),
    litellm("zai", "zhipu", "zai/"),
];
