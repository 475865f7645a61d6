import "../../pipeline_test.ts?all";
