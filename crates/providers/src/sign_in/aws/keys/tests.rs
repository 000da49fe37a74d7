//! Fetching keys from fakes of AWS's services.

use crate::sign_in::fake::{Asked, Endpoint, authorization, outside, ready, signed, started};

fn settings(written: &str) -> String {
    format!("[aws]\nservice = \"bedrock\"\nregion = \"eu-central-1\"\n{written}")
}

fn json_keys(id: &str) -> String {
    format!(
        r#"{{"AccessKeyId": "{id}", "SecretAccessKey": "s", "Token": "session", "Expiration": "2026-01-02T04:00:00Z"}}"#
    )
}

fn xml_keys(action: &str, id: &str) -> String {
    format!(
        "<{action}Response><{action}Result><Credentials><AccessKeyId>{id}</AccessKeyId>\
         <SecretAccessKey>s</SecretAccessKey><SessionToken>session</SessionToken>\
         <Expiration>2026-01-02T04:00:00Z</Expiration></Credentials></{action}Result></{action}Response>"
    )
}

#[tokio::test]
async fn a_token_in_a_file_is_exchanged_for_the_keys_of_its_role() {
    let sts = Endpoint::answering(|_| (200, xml_keys("AssumeRoleWithWebIdentity", "ASIAWEB"))).await;
    let plan = ready(
        &settings(&format!("sts_url = \"{}\"", sts.url())),
        &[("AWS_WEB_IDENTITY_TOKEN_FILE", "/token"), ("AWS_ROLE_ARN", "arn:aws:iam::1:role/r")],
    );
    let sign_in = started(&plan, &outside(&[("/token", "ey.web.identity\n")])).await;
    let head = signed(&*sign_in).unwrap();
    assert!(
        head.headers["authorization"]
            .to_str()
            .unwrap()
            .contains("Credential=ASIAWEB/20260102/eu-central-1/bedrock")
    );
    assert_eq!(head.headers["x-amz-security-token"], "session");
    let [asked] = &sts.asked()[..] else { panic!("one call") };
    for (field, value) in [
        ("Action", "AssumeRoleWithWebIdentity"),
        ("Version", "2011-06-15"),
        ("RoleArn", "arn:aws:iam::1:role/r"),
        ("RoleSessionName", "tollgate"),
        ("WebIdentityToken", "ey.web.identity"),
    ] {
        assert_eq!(asked.field(field).as_deref(), Some(value));
    }
    assert_eq!(asked.header("authorization"), "", "the token itself proves who asks");
}

#[tokio::test]
async fn a_role_is_assumed_by_a_call_that_other_keys_sign() {
    let sts = Endpoint::answering(|_| (200, xml_keys("AssumeRole", "ASIAROLE"))).await;
    let plan = ready(
        &settings(&format!(
            "sts_url = \"{}\"\nassume_role_arn = \"arn:aws:iam::2:role/o\"\nexternal_id = \"e 1\"",
            sts.url()
        )),
        &[("AWS_ACCESS_KEY_ID", "AKIAOWN"), ("AWS_SECRET_ACCESS_KEY", "own-secret")],
    );
    let sign_in = started(&plan, &outside(&[])).await;
    assert!(authorization(&*sign_in).unwrap().contains("Credential=ASIAROLE/"));
    let [asked] = &sts.asked()[..] else { panic!("one call") };
    assert!(
        asked.header("authorization").contains("Credential=AKIAOWN/20260102/eu-central-1/sts/aws4_request")
    );
    assert_eq!(asked.field("Action").as_deref(), Some("AssumeRole"));
    assert_eq!(asked.field("ExternalId").as_deref(), Some("e 1"));
    assert!(!asked.body.contains("own-secret"));
}

#[tokio::test]
async fn an_instance_is_asked_in_a_session_of_its_metadata_service() {
    let service = Endpoint::answering(|asked: &Asked| match asked.target.as_str() {
        "/latest/api/token" if asked.method == "PUT" => (200, "session-of-the-service".to_owned()),
        _ if asked.header("x-aws-ec2-metadata-token") != "session-of-the-service" => (401, String::new()),
        "/latest/meta-data/iam/security-credentials/" => (200, "my-role\n".to_owned()),
        "/latest/meta-data/iam/security-credentials/my-role" => (200, json_keys("ASIAEC2")),
        _ => (404, String::new()),
    })
    .await;
    let plan = ready(&settings(&format!("source = \"instance\"\nmetadata_url = \"{}\"", service.url())), &[]);
    let sign_in = started(&plan, &outside(&[])).await;
    assert!(authorization(&*sign_in).unwrap().contains("Credential=ASIAEC2/"));
    assert_eq!(service.asked()[0].header("x-aws-ec2-metadata-token-ttl-seconds"), "60");
}

#[tokio::test]
async fn a_container_asks_its_agent_with_the_token_it_was_given() {
    let agent = Endpoint::answering(|_| (200, json_keys("ASIAECS"))).await;
    let url = format!("{}/v1/credentials", agent.url());
    let by_file = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", url.as_str()),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/pod/token"),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "unused"),
    ];
    let sign_in = started(&ready(&settings(""), &by_file), &outside(&[("/pod/token", "pod-token\n")])).await;
    assert!(authorization(&*sign_in).unwrap().contains("Credential=ASIAECS/"));
    assert_eq!(agent.asked()[0].header("authorization"), "pod-token");
}

#[tokio::test]
async fn a_profile_is_read_from_the_file_of_aws_own_tools() {
    let file = "[default]\naws_access_key_id = AKIAD\naws_secret_access_key = s\n\n[team]\naws_access_key_id=AKIAT\n\
                aws_secret_access_key=s\naws_session_token=t\n[half]\naws_access_key_id=AKIAH\n";
    let outside = outside(&[("/aws", file)]);
    let of = async |profile: &str| {
        let written = settings(&format!("credentials_file = \"/aws\"\nprofile = \"{profile}\""));
        let sign_in = started(&ready(&written, &[]), &outside).await;
        signed(&*sign_in).map_err(|problem| problem.to_string())
    };
    assert!(of("default").await.unwrap().headers["authorization"].to_str().unwrap().contains("=AKIAD/"));
    assert_eq!(of("team").await.unwrap().headers["x-amz-security-token"], "t");
    for (profile, why) in
        [("half", "the profile `half` has no `aws_secret_access_key`"), ("none", "it has no profile `none`")]
    {
        let expected = format!("the sign-in to the provider is not done yet: the file `/aws`: {why}");
        assert_eq!(of(profile).await.unwrap_err(), expected);
    }
}

#[tokio::test]
async fn keys_that_are_written_need_no_start_and_no_waiting() {
    let environment = [("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "s")];
    let sign_in = ready(&settings(""), &environment).build();
    assert!(sign_in.pending().is_none());
    assert!(authorization(&*sign_in).unwrap().contains("Credential=AKIA/"));
    assert!(sign_in.secret().is_none(), "the secret key is never sent");
}

#[tokio::test]
async fn a_refusal_is_told_without_the_token() {
    let sts = Endpoint::answering(|asked| (403, format!("<Message>no {}</Message>", asked.body))).await;
    let plan = ready(
        &settings(&format!("sts_url = \"{}\"", sts.url())),
        &[("AWS_WEB_IDENTITY_TOKEN_FILE", "/token"), ("AWS_ROLE_ARN", "r")],
    );
    let sign_in = started(&plan, &outside(&[("/token", "ey/secret")])).await;
    let text = authorization(&*sign_in).unwrap_err().to_string();
    assert!(text.contains("answered with status 403") && text.contains("[redacted]"), "{text}");
    assert!(!text.contains("secret"), "{text}");
}

#[tokio::test]
async fn keys_without_an_end_or_with_parts_missing_are_no_keys() {
    for body in [
        "nonsense".to_owned(),
        xml_keys("AssumeRole", "A").replace("SessionToken", "Other"),
        xml_keys("AssumeRole", "A").replace("2026-01-02T04:00:00Z", "later"),
    ] {
        let sts = Endpoint::answering(move |_| (200, body.clone())).await;
        let plan = ready(
            &settings(&format!("sts_url = \"{}\"", sts.url())),
            &[("AWS_WEB_IDENTITY_TOKEN_FILE", "/token"), ("AWS_ROLE_ARN", "r")],
        );
        let sign_in = started(&plan, &outside(&[("/token", "t")])).await;
        let text = authorization(&*sign_in).unwrap_err().to_string();
        assert!(text.contains("answered what is not understood"), "{text}");
    }
}
