import "../model_test.ts?long";
