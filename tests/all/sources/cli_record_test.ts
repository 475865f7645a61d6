import "../../cli_record_test.ts?all";
