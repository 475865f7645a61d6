import "../chunk_test.ts?long";
