"""Addresses of the start page and of the demo clients."""

from django.urls import path

from project.demo.pages import HomeView, SinglePageView
from project.demo.web import logout, views

urlpatterns = [
    path("", HomeView.as_view(), name="home"),
    path("demo/web/", views.home, name="demo-web"),
    path("demo/web/connect/", views.connect, name="demo-web-connect"),
    path("demo/web/callback/", views.callback, name="demo-web-callback"),
    path("demo/web/refresh/", views.refresh, name="demo-web-refresh"),
    path("demo/web/disconnect/", views.disconnect, name="demo-web-disconnect"),
    path("demo/web/signed-out/", logout.signed_out, name="demo-web-signed-out"),
    path("demo/spa/", SinglePageView.as_view(), name="demo-spa"),
]
