import "../../hls_writer_test.ts?all";
