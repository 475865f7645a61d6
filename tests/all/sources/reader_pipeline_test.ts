import "../../reader_pipeline_test.ts?all";
