import "../../reader_test.ts?all";
