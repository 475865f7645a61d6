import "../memory_writer_test.ts?long";
