//! What the cluster has decided, as records; the image they add up to; the controller's decisions. Pure.
