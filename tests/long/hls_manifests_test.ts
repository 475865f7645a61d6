import "../hls_manifests_test.ts?long";
