import "../../time_options_test.ts?all";
