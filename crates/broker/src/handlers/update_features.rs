//! UpdateFeatures (key 57), versions 0-2: levels of features (KIP-584). v1 what may be lost, and only checking (KIP-778), v2
//! one error for all features.

use std::sync::Arc;

use metadata::decide::{FeatureUpdate, UpdateFeatures, UpgradeType};
use net::Outbox;
use wire::ErrorCode;
use wire::messages::update_features::{
    FeatureUpdateKey, UpdatableFeatureResult, UpdateFeaturesRequest, UpdateFeaturesResponse,
};

use crate::api::{Call, Flow};
use crate::errors::KafkaError;
use crate::features::SUPPORTED;

/// Answers when the levels hold. One that cannot be reached keeps all as they are.
pub fn handle(call: &Call<'_>, request: UpdateFeaturesRequest<'_>, _outbox: &mut Outbox) -> Flow {
    let version = call.version();
    let updates = request.feature_updates.iter().map(|asked| FeatureUpdate {
        name: asked.feature.to_owned(),
        level: asked.max_version_level,
        upgrade_type: upgrade_type(version, &asked),
    });
    let wanted = UpdateFeatures {
        updates: updates.collect(),
        validate_only: request.validate_only,
        supported: SUPPORTED,
        node: call.node.config.node_id,
    };
    let (respond, node) = (call.respond(), Arc::clone(call.node));
    Flow::wait(async move {
        let names: Vec<String> = wanted.updates.iter().map(|update| update.name.clone()).collect();
        let result = node.control.update_features(wanted).await;
        move |outbox: &mut Outbox| {
            let error = result.as_ref().err().map(|error| {
                let text =
                    format!("The update failed for all features since the following feature had an error: {error}");
                KafkaError::new(error.code(), text)
            });
            let error_code = error.as_ref().map_or(ErrorCode::NONE, |error| error.code);
            // A version that tells of each feature does so when all went well; an error is at the top.
            let each = |feature| UpdatableFeatureResult { feature, error_message: None, ..Default::default() };
            let told = names.iter().filter(|_| error_code.is_none());
            let response = UpdateFeaturesResponse {
                error_code,
                error_message: error.as_ref().and_then(|error| error.message.as_deref()),
                results: told.map(|name| each(name)).collect(),
                ..Default::default()
            };
            respond.answer(outbox, &response);
        }
    })
}

fn upgrade_type(version: i16, asked: &FeatureUpdateKey<'_>) -> UpgradeType {
    match (version, asked.upgrade_type) {
        (0, _) if asked.allow_downgrade => UpgradeType::SafeDowngrade,
        (0, _) | (_, 1) => UpgradeType::Upgrade,
        (_, 2) => UpgradeType::SafeDowngrade,
        (_, 3) => UpgradeType::UnsafeDowngrade,
        _ => UpgradeType::Unknown,
    }
}
