import "../../part_encoding_test.ts?all";
