import "../../tags_test.ts?all";
