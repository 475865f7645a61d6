import "../cli_record_test.ts?long";
