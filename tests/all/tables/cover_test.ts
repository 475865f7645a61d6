import "../../cover_test.ts?all";
