import "../../fallback_test.ts?all";
