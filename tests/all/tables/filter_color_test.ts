import "../../filter_color_test.ts?all";
