import "../encoded_image_test.ts?long";
