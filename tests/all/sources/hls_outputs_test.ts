import "../../hls_outputs_test.ts?all";
