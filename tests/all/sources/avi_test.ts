import "../../avi_test.ts?all";
