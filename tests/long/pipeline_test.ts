import "../pipeline_test.ts?long";
