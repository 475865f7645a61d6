import "../reader_test.ts?long";
