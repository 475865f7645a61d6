import "../../segments_test.ts?all";
