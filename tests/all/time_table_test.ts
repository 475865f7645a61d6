import "../time_table_test.ts?all";
