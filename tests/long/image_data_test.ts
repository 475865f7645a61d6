import "../image_data_test.ts?long";
