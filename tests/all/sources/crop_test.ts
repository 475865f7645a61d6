import "../../crop_test.ts?all";
