import "../../network_redirects_test.ts?all";
