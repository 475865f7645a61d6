import "../../chunk_test.ts?all";
