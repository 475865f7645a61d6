import "../../random_pipelines_test.ts?all";
