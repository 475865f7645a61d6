import "../../image_orientation_test.ts?all";
