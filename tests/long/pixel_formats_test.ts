import "../pixel_formats_test.ts?long";
