import "../../network_source_test.ts?all";
