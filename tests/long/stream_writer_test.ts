import "../stream_writer_test.ts?long";
