import "../model_test.ts?all";
