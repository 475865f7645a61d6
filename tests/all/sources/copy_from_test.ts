import "../../copy_from_test.ts?all";
