import "../depth_alpha_test.ts?long";
