import "../../live_options_test.ts?all";
