import "../../hls_source_test.ts?all";
