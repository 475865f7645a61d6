import "../recipes_test.ts?long";
