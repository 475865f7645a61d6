import "../random_pipelines_test.ts?long";
