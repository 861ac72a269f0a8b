//! ApiVersions (key 18), versions 0-4: which APIs at which versions. v3 flexible, with the client's software (KIP-511);
//! v4 features whose lowest version is 0 (KIP-584).

use metadata::decide::SupportedFeature;
use net::Outbox;
use wire::messages::api_versions::{
    ApiVersion, ApiVersionsRequest, ApiVersionsResponse, FinalizedFeatureKey, SupportedFeatureKey,
};
use wire::{ApiKey, ErrorCode, RequestHeader};

use crate::api::{Api, Call, Flow, Respond, TABLE};
use crate::features;
use crate::turn::Software;

/// Lists the table but for Ottla's own APIs, and the features. Before version 4 no feature that the cluster can do without is told: clients fail on it.
///
/// Old librdkafka reads support for compression from Produce's lowest version, hence its advertised 0.
pub fn handle(call: &Call<'_>, request: ApiVersionsRequest<'_>, outbox: &mut Outbox) -> Flow {
    let well_named =
        is_software_name(request.client_software_name) && is_software_name(request.client_software_version);
    let response = if call.version() >= 3 && !well_named {
        ApiVersionsResponse { error_code: ErrorCode::INVALID_REQUEST, ..Default::default() }
    } else {
        *call.session.software.borrow_mut() =
            Software { name: request.client_software_name.into(), version: request.client_software_version.into() };
        let image = call.view.image();
        ApiVersionsResponse {
            api_keys: TABLE.iter().filter(|api| api.key.0 < ApiKey::OWN_FROM).map(api_version).collect(),
            supported_features: features::SUPPORTED
                .iter()
                .filter(|feature| feature.min_level > 0 || call.version() >= 4)
                .map(supported_feature)
                .collect(),
            finalized_features_epoch: i64::try_from(image.applied().0).unwrap_or(i64::MAX),
            finalized_features: features::finalized(image)
                .map(|(name, level)| FinalizedFeatureKey { name, max_version_level: level, min_version_level: level })
                .collect(),
            ..Default::default()
        }
    };
    call.answer(outbox, &response);
    Flow::Done
}

/// The answer to a version that is not served: in the body of version 0, which every client reads, so that it can come
/// back with one that is (KIP-511).
pub fn unsupported(header: &RequestHeader<'_>, outbox: &mut Outbox) {
    let own = TABLE.iter().filter(|api| api.key == ApiKey::API_VERSIONS).map(api_version);
    let response = ApiVersionsResponse {
        error_code: ErrorCode::UNSUPPORTED_VERSION,
        api_keys: own.collect(),
        ..Default::default()
    };
    Respond::in_version(header, 0).answer(outbox, &response);
}

fn api_version(api: &Api) -> ApiVersion {
    ApiVersion { api_key: api.key.0, min_version: api.advertised_min, max_version: api.versions.max }
}

fn supported_feature(feature: &SupportedFeature) -> SupportedFeatureKey<'static> {
    SupportedFeatureKey { name: feature.name, min_version: feature.min_level, max_version: feature.max_level }
}

/// `[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?` (KIP-511).
fn is_software_name(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    ends(bytes.first()) && ends(bytes.last()) && bytes.iter().all(|&byte| inner(byte))
}
