import "../../hls_restart_test.ts?all";
