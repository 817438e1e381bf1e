"""The request quota."""

import pytest

from fuota_constructs.local.iotwireless.throttle import Throttle


def allowed(throttle, requests, now, key=("a",)):
    return sum(throttle.allows(key, now) for _ in range(requests))


def test_ten_at_once_and_then_ten_a_second():
    throttle = Throttle(10)
    assert allowed(throttle, 15, 0) == 10
    assert allowed(throttle, 5, 0.05) == 0
    assert allowed(throttle, 5, 0.1) == 1
    assert allowed(throttle, 20, 1.1) == 10


def test_rest_does_not_pile_up():
    throttle = Throttle(10)
    allowed(throttle, 10, 0)
    assert allowed(throttle, 50, 3600) == 10


def test_a_clock_that_goes_back_does_no_harm():
    throttle = Throttle(10)
    allowed(throttle, 10, 100)
    assert allowed(throttle, 5, 50) == 0
    assert allowed(throttle, 5, 50.1) == 1


def test_less_than_one_a_second_still_allows_one():
    throttle = Throttle(0.5)
    assert allowed(throttle, 3, 0) == 1
    assert allowed(throttle, 3, 1) == 0
    assert allowed(throttle, 3, 2) == 1


def test_no_rate_is_no_limit():
    assert allowed(Throttle(None), 1000, 0) == 1000


def test_the_quota_is_ten_for_each_operation_account_and_region(new_cloud, refusal):
    cloud = new_cloud(requests_per_second=10)
    client = cloud.client()
    for _ in range(10):
        client.list_fuota_tasks()
    error = refusal(client.list_fuota_tasks)
    assert (error["code"], error["status"]) == ("ThrottlingException", 429)
    assert error["message"] == "rate exceeded for ListFuotaTasks"
    client.list_multicast_groups()
    cloud.client(region="us-east-1").list_fuota_tasks()
    cloud.client(account="210987654321").list_fuota_tasks()


def test_the_quota_comes_back_with_time(new_cloud, clock, refusal):
    client = new_cloud(requests_per_second=10).client()
    for _ in range(10):
        client.list_fuota_tasks()
    clock.advance(0.125)  # exact in binary: 1.25 requests
    client.list_fuota_tasks()
    assert refusal(client.list_fuota_tasks)["code"] == "ThrottlingException"


def test_ten_is_the_default():
    assert Throttle().requests_per_second == pytest.approx(10)


def test_a_throttled_create_makes_nothing(new_cloud, refusal):
    client = new_cloud(requests_per_second=1).client()
    client.create_multicast_group(LoRaWAN={})
    assert refusal(client.create_multicast_group, LoRaWAN={})["code"] == "ThrottlingException"
    assert len(client.list_multicast_groups()["MulticastGroupList"]) == 1
