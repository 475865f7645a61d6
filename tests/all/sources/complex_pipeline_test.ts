import "../../complex_pipeline_test.ts?all";
